/**
 * The stylesheet, the icons and the script of the page. Their addresses hold a hash of
 * all of them, so that a browser never asks again for what it has. Built code serves the
 * built script. Source code bundles its script at the start, so that a change needs no
 * build.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

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

/** What views draw with: the stylesheet, and the sprite of all icons. */
interface Style {
  readonly stylesheet: string;
  readonly sprite: string;
}

const isSource = import.meta.url.endsWith(".ts");

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#4a47c4"/><path d="M7 7.5 12 12m0 0 5-4.5M12 12v5" stroke="#fff" stroke-width="1.8" stroke-linecap="round" fill="none"/><g fill="#fff"><circle cx="6.5" cy="7" r="2.3"/><circle cx="17.5" cy="7" r="2.3"/><circle cx="12" cy="17.3" r="2.3"/></g></svg>`;

/** Reads all assets at the start: no address ever becomes a path. */
export async function loadAssets({ stylesheet, sprite }: Style): Promise<Assets> {
  const files = new Map<string, Asset>([
    ["page.css", { type: "css", text: stylesheet }],
    ["icon.svg", { type: "svg", text: ICON }],
    ["icons.svg", { type: "svg", text: sprite }],
    ["page.js", { type: "js", text: await pageScript() }],
  ]);
  const hash = createHash("sha256").update(JSON.stringify([...files]));
  return { version: hash.digest("base64url").slice(0, 16), files };
}

let bundled: Promise<string> | undefined;

/** The one script of all pages. It is bundled once a process. */
export function pageScript(): Promise<string> {
  bundled ??= readScript();
  return bundled;
}

async function readScript(): Promise<string> {
  if (!isSource) return readFileSync(new URL("../islands/page.js", import.meta.url), "utf8");
  // esbuild is needed only here.
  const { bundleScript } = await import("../../bundler/bundle_script.ts");
  return bundleScript(new URL("../islands/page.ts", import.meta.url));
}
