/** The assets of the page, compressed once. */
import type { RequestHandler, Response } from "express";
import { needs } from "../http/access.ts";
import type { Asset } from "../http/assets.ts";
import { compress, type Encoding, encodingFor } from "../http/compressed.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";

/** Compressed at the first request, as small as it can be. */
const BEST_QUALITY = 11;

export function staticRoutes(services: WebServices): Routes {
  const { version, files } = services.assets;
  const packed = new Map<string, Promise<Buffer>>();
  const etag = `"${version}"`;
  const routes = new Routes(services);
  const serve: RequestHandler = (request, response, next) => {
    const path = request.path.slice("/assets/".length);
    const asset = files.get(path);
    if (asset === undefined) return next();
    response.set({ "Cache-Control": cacheFor(request.query.v === version), ETag: etag });
    if (request.get("If-None-Match") === etag) return void response.status(304).end();
    return send(response, path, asset, packed);
  };
  // The login page has a style and an icon.
  routes.get("/assets/page.css", "public", serve);
  routes.get("/assets/icon.svg", "public", serve);
  routes.get("/assets/icons.svg", needs("system.read"), serve);
  routes.get("/assets/page.js", needs("system.read"), serve);
  return routes;
}

/** An address of an older version gets what there is now, and must ask again. */
const cacheFor = (isCurrent: boolean): string =>
  isCurrent ? "private, max-age=31536000, immutable" : "no-cache";

async function send(
  response: Response,
  path: string,
  { type, text }: Asset,
  packed: Map<string, Promise<Buffer>>,
): Promise<void> {
  response.type(type).vary("Accept-Encoding");
  const encoding = encodingFor(response);
  if (encoding === undefined) return void response.send(text);
  response.set("Content-Encoding", encoding).send(await pack(packed, path, text, encoding));
}

function pack(
  packed: Map<string, Promise<Buffer>>,
  path: string,
  text: string,
  encoding: Encoding,
): Promise<Buffer> {
  const key = `${encoding} ${path}`;
  const known = packed.get(key) ?? compress(Buffer.from(text), encoding, BEST_QUALITY);
  packed.set(key, known);
  return known;
}
