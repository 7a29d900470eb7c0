/** The API's routes, made from its table. */
import { json, type RequestHandler, Router } from "express";
import { sendCompressed } from "../http/compressed.ts";
import { Refused } from "../http/gate.ts";
import type { WebServices } from "../http/services.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { openApi } from "./openapi.ts";

const API = "/api/v1";

export function apiRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(`${API}/openapi.json`, (_request, response) =>
    sendCompressed(response.type("json"), JSON.stringify(openApi())),
  );
  for (const { method, path, status = 200, run } of ENDPOINTS) {
    const address = API + path.replace(/\{(\w+)\}/g, ":$1");
    const handler: RequestHandler = async (request, response) => {
      const answer = await run(services, request);
      response.status(status).set("Cache-Control", "no-store").type("json");
      await sendCompressed(response, JSON.stringify(answer));
    };
    if (method === "get") router.get(address, handler);
    else router.post(address, refuseOtherTypes, json({ limit: "1mb" }), handler);
  }
  return router;
}

/**
 * A form of another site can send other types without the browser's preflight request.
 */
const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers["transfer-encoding"] !== undefined ||
    Number(request.headers["content-length"] ?? 0) > 0;
  if (hasBody && !request.is("application/json"))
    throw new Refused(415, "The body must be JSON: Content-Type: application/json");
  next();
};
