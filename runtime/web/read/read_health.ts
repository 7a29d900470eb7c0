/** Reads which schedulers and workers are alive. */
import { getHealth, type Health } from "../../store/reads/health.ts";
import type { WebServices } from "../http/services.ts";

export function readHealth({ reader }: Pick<WebServices, "reader">): Promise<Health> {
  return getHealth(reader);
}
