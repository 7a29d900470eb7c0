/** Which of the pages of pools, connections and variables the caller may see. */
import type { Request } from "express";
import { mayAlso } from "../http/access.ts";
import type { WebServices } from "../http/services.ts";
import type { SetupPlace } from "../views/frame/setup_tabs.tsx";

export function setupPlaces(
  { secrets }: Pick<WebServices, "secrets">,
  request: Request,
): readonly SetupPlace[] {
  const may = (permission: "connection.read" | "variable.read"): boolean =>
    secrets !== undefined && mayAlso(request, permission, null);
  return [
    "pools",
    ...(may("connection.read") ? ["connections" as const] : []),
    ...(may("variable.read") ? ["variables" as const] : []),
  ];
}
