/**
 * The Model Context Protocol over HTTP (streamable, without sessions): each POST has its
 * own server, so any number of pages may answer the requests of one client.
 */
import { json, type Request, type RequestHandler } from "express";
import { loadPackage } from "../../../sdk/load_package.ts";
import { callerOf } from "../http/caller.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { callTool, toolsFor } from "./call_tool.ts";

const PATH = "/mcp";

export function mcpRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get(PATH, "tools", (_request, response) => {
    response.set("Allow", "POST");
    throw new Refused(405, "Tools are called by POST; there is no stream to open.");
  });
  routes.post(PATH, "tools", onlyTokens, json({ limit: "1mb" }), async (request, response) => {
    response.set("Cache-Control", "no-store");
    const { server, transport } = await openServer(services, request);
    response.on("close", () => void server.close());
    // The options of our compiler are stricter than those of the package.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  return routes;
}

/** A browser sends its cookie by itself, and no agent runs in a browser. */
const onlyTokens: RequestHandler = (request, _response, next) => {
  if (callerOf(request).session !== null)
    throw new Refused(403, "Send an API token as: Authorization: Bearer <token>");
  next();
};

/** @throws DagsmithError PACKAGE_MISSING */
async function openServer(services: WebServices, request: Request) {
  const { Server, StreamableHTTPServerTransport, CallToolRequestSchema, ListToolsRequestSchema } =
    await loadPackage("The address /mcp", "@modelcontextprotocol/sdk", loadProtocol);
  const server = new Server({ name: "dagsmith", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: toolsFor(services, request).map(({ name, endpoint, input, isReadOnly }) => ({
      name,
      description: endpoint.summary,
      inputSchema: { ...input, properties: { ...input.properties } },
      annotations: { readOnlyHint: isReadOnly },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { name, arguments: input = {} } = params;
    const { text, isError } = await callTool(services, request, name, input);
    return { content: [{ type: "text" as const, text }], isError };
  });
  return { server, transport: new StreamableHTTPServerTransport({ enableJsonResponse: true }) };
}

async function loadProtocol() {
  const [{ Server }, { StreamableHTTPServerTransport }, types] = await Promise.all([
    import("@modelcontextprotocol/sdk/server/index.js"),
    import("@modelcontextprotocol/sdk/server/streamableHttp.js"),
    import("@modelcontextprotocol/sdk/types.js"),
  ]);
  return { Server, StreamableHTTPServerTransport, ...types };
}
