/**
 * The stylesheet, the icon, and the scripts of the page. Built code serves the built
 * scripts. Source code serves the sources without their types, so that a change needs no
 * build.
 */
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { type Response, Router } from "express";
import { readStylesheet } from "../views/style/stylesheet.ts";

const isSource = import.meta.url.endsWith(".ts");
const ISLANDS = new URL("../islands/", import.meta.url);

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#4a4fb5"/><path d="M7 7.5 12 12m0 0 5-4.5M12 12v5" stroke="#fff" stroke-width="1.8" stroke-linecap="round" fill="none"/><g fill="#fff"><circle cx="6.5" cy="7" r="2.3"/><circle cx="17.5" cy="7" r="2.3"/><circle cx="12" cy="17.3" r="2.3"/></g></svg>`;

export function staticRoutes(): Router {
  const stylesheet = readStylesheet();
  const islands = loadIslands();
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/assets/page.css", (_request, response) => send(response, "css", stylesheet));
  router.get("/assets/icon.svg", (_request, response) => send(response, "svg", ICON));
  router.get("/assets/islands/:file", (request, response, next) => {
    const code = islands.get(request.params.file);
    if (code === undefined) next();
    else send(response, "js", code);
  });
  return router;
}

/**
 * All scripts, by the name that pages use. Read at the start: no address ever becomes a
 * path.
 */
export function loadIslands(): ReadonlyMap<string, string> {
  const extension = isSource ? ".ts" : ".js";
  const files = readdirSync(ISLANDS).filter(
    (file) => file.endsWith(extension) && !file.endsWith(".d.ts"),
  );
  return new Map(
    files.map((file) => {
      const text = readFileSync(new URL(file, ISLANDS), "utf8");
      return [file.replace(/\.ts$/, ".js"), isSource ? asScript(text) : text] as const;
    }),
  );
}

function asScript(source: string): string {
  return stripTypeScriptTypes(source).replace(/(from "\.\/\w+)\.ts"/g, '$1.js"');
}

/** Checked at each use, and almost always found unchanged (ETag). */
function send(response: Response, type: string, text: string): void {
  response.set("Cache-Control", "no-cache").type(type).send(text);
}
