/** The page of the design. Only a server for development has it. */
import { h } from "preact";
import { needs } from "../http/access.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { DesignPage } from "../views/design/design.tsx";
import { sendPage } from "./send_page.ts";

export function designRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/design", needs("system.read"), (request, response) =>
    sendPage(services, request, response, { title: "Design", body: h(DesignPage, {}) }),
  );
  return routes;
}
