/** `/llms.txt`: which documents the package has, for language models. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { needs } from "../http/access.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";

/** Three folders up from the source, four from dist/. */
const PLACES = ["../../../llms.txt", "../../../../llms.txt"];

export function llmsRoutes(services: WebServices): Routes {
  const file = PLACES.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  const routes = new Routes(services);
  routes.get("/llms.txt", needs("system.read"), async (_request, response) => {
    if (!file) throw new Refused(404, "This installation has no llms.txt.");
    response
      .type("text/plain")
      .set("Cache-Control", "no-cache")
      .send(await readFile(file, "utf8"));
  });
  return routes;
}
