/** The API's routes, made from its table. */
import { json, type RequestHandler, raw } from "express";
import { needs } from "../http/access.ts";
import { sendCompressed } from "../http/compressed.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import type { Endpoint } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { openApi } from "./openapi.ts";

const API = "/api/v1";

export function apiRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  let description: string | undefined;
  routes.get(`${API}/openapi.json`, needs("system.read"), (_request, response) => {
    description ??= JSON.stringify(openApi(services.basePath));
    return sendCompressed(response.type("json"), description);
  });
  for (const endpoint of ENDPOINTS) {
    const { method, path, access, status = 200, run } = endpoint;
    const address = API + path.replace(/\{(\w+)\}/g, ":$1");
    const handler: RequestHandler = async (request, response) => {
      const answer = await run(services, request);
      response.status(status).set("Cache-Control", "no-store").type("json");
      await sendCompressed(response, JSON.stringify(answer));
    };
    if (method === "get") routes.get(address, access, handler);
    else routes.post(address, access, ...bodyOf(endpoint), handler);
  }
  return routes;
}

const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";

/** What reads the body of an endpoint. */
function bodyOf({ bytes, limit = "1mb" }: Endpoint): readonly RequestHandler[] {
  if (bytes === undefined) return [refuseOtherTypes(JSON_TYPE), json({ limit })];
  return [refuseOtherTypes(BYTES_TYPE), raw({ limit: bytes, type: BYTES_TYPE, inflate: false })];
}

/**
 * A form of another site can send other types without the browser's preflight request.
 */
function refuseOtherTypes(type: string): RequestHandler {
  return (request, _response, next) => {
    const hasBody =
      request.headers["transfer-encoding"] !== undefined ||
      Number(request.headers["content-length"] ?? 0) > 0;
    if (hasBody && !request.is(type))
      throw new Refused(
        415,
        `The body must be ${type === JSON_TYPE ? "JSON" : "bytes"}: Content-Type: ${type}`,
      );
    next();
  };
}
