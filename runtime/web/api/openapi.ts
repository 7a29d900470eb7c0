/**
 * The API's description (OpenAPI 3.1), generated from the schemas that check its input
 * and describe its answers.
 */
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import type { Endpoint } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { errorAnswer } from "./schemas/common.ts";

/** @param basePath the path under which the page is reached; empty for none */
export function openApi(basePath: string): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "dagsmith",
      version: "1",
      description:
        "DAGs, runs, tasks and logs. Times are ISO 8601. Lists are paged by id: pass `next` on.",
    },
    servers: [{ url: `${basePath}/api/v1` }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    security: [{}, { token: [] }],
    paths: paths(),
  });
}

function paths(): ZodOpenApiPathsObject {
  const found: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const endpoint of ENDPOINTS)
    found[endpoint.path] = { ...found[endpoint.path], [endpoint.method]: operation(endpoint) };
  return found;
}

function operation({
  summary,
  params,
  query,
  body,
  bytes,
  answer,
  status = 200,
}: Endpoint): ZodOpenApiOperationObject {
  const content = (schema: Endpoint["answer"]) => ({ "application/json": { schema } });
  const requestParams = { ...(params && { path: params }), ...(query && { query }) };
  return {
    summary,
    requestParams,
    ...(body && { requestBody: { content: content(body) } }),
    ...(bytes && { requestBody: { content: { "application/octet-stream": {} } } }),
    responses: {
      [status]: { description: "Done", content: content(answer) },
      default: { description: "Refused, with a code and a message", content: content(errorAnswer) },
    },
  };
}
