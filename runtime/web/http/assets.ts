/**
 * The stylesheet, the icon and the scripts of the page. Their addresses hold a hash of all
 * of them, so that a browser never asks again for what it has. Built code serves the built
 * scripts. Source code serves the sources without their types, so that a change needs no
 * build.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

export interface Asset {
  readonly type: "css" | "svg" | "js";
  readonly text: string;
}

export interface Assets {
  /** Changes with any of the files; the query `v` of their addresses. */
  readonly version: string;
  /** By their path inside /assets/. */
  readonly files: ReadonlyMap<string, Asset>;
}

const isSource = import.meta.url.endsWith(".ts");
const ISLANDS = new URL("../islands/", import.meta.url);

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#4a4fb5"/><path d="M7 7.5 12 12m0 0 5-4.5M12 12v5" stroke="#fff" stroke-width="1.8" stroke-linecap="round" fill="none"/><g fill="#fff"><circle cx="6.5" cy="7" r="2.3"/><circle cx="17.5" cy="7" r="2.3"/><circle cx="12" cy="17.3" r="2.3"/></g></svg>`;

/** Reads all assets at the start: no address ever becomes a path. */
export function loadAssets(stylesheet: string): Assets {
  const islands = loadIslands();
  const texts = [stylesheet, ICON, ...[...islands].flat()];
  const hash = createHash("sha256").update(JSON.stringify(texts));
  const version = hash.digest("base64url").slice(0, 16);
  const files = new Map<string, Asset>([
    ["page.css", { type: "css", text: stylesheet }],
    ["icon.svg", { type: "svg", text: ICON }],
  ]);
  for (const [file, text] of islands)
    files.set(`islands/${file}`, { type: "js", text: withVersion(text, version) });
  return { version, files };
}

/** A script asks for the other scripts of its own version. */
function withVersion(script: string, version: string): string {
  return script.replace(/(from "\.\/\w+\.js)"/g, `$1?v=${version}"`);
}

/** All scripts, by the name that pages use. */
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
