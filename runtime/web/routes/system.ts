/** The page about the deployment itself: its services. */
import { h } from "preact";
import { needs, visibleTags } from "../http/access.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readSystem } from "../read/read_system.ts";
import { SystemPage } from "../views/system/system.tsx";
import { sendPage } from "./send_page.ts";

export function systemRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/system", needs("system.read"), async (request, response) => {
    const body = h(SystemPage, await readSystem(services, visibleTags(request)));
    await sendPage(services, request, response, { title: "System", body });
  });
  return routes;
}
