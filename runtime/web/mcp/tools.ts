/**
 * The endpoints of the API that are tools for coding agents, by the names that `dag mcp`
 * gives its tools. Pure.
 */
import { z } from "zod";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Endpoint } from "../api/endpoint.ts";
import { ENDPOINTS } from "../api/endpoints.ts";

/** Name to method and path. Tools that post change something, previews apart. */
const NAMES: Readonly<Record<string, string>> = {
  list: "get /dags",
  show: "get /dags/{dagId}",
  runs: "get /dags/{dagId}/runs",
  decisions: "get /dags/{dagId}/decisions",
  backfills: "get /dags/{dagId}/backfills",
  run: "get /runs/{id}",
  why: "get /runs/{id}/why",
  callbacks: "get /runs/{id}/callbacks",
  tasks: "get /runs/{id}/tasks",
  task: "get /runs/{id}/tasks/{taskId}",
  task_instance: "get /runs/{id}/tasks/{taskId}/{mapIndex}",
  logs: "get /logs/{instanceId}/{tryNumber}",
  state: "get /dags/{dagId}/state",
  questions: "get /questions",
  assets: "get /assets",
  pools: "get /pools",
  deployments: "get /deployments",
  import_errors: "get /import-errors",
  health: "get /health",
  audit: "get /audit",
  trigger: "post /dags/{dagId}/runs",
  pause: "post /dags/{dagId}/pause",
  unpause: "post /dags/{dagId}/unpause",
  preview_backfill: "post /dags/{dagId}/backfills/preview",
  backfill: "post /dags/{dagId}/backfills",
  cancel: "post /runs/{id}/cancel",
  cancel_task: "post /runs/{id}/tasks/{taskId}/cancel",
  preview_clear: "post /runs/{id}/clear/preview",
  clear: "post /runs/{id}/clear",
  mark: "post /runs/{id}/mark",
  note: "post /runs/{id}/note",
  label: "post /runs/{id}/labels",
  answer: "post /runs/{id}/tasks/{taskId}/answer",
};

/** An endpoint as a tool. */
export interface Tool {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Whether it changes nothing. */
  readonly isReadOnly: boolean;
  /** The JSON schema of its input: an object. */
  readonly input: {
    readonly type: "object";
    readonly properties: Readonly<Record<string, object>>;
    readonly required: string[];
    readonly additionalProperties: false;
  };
}

/** What an endpoint gets: its parameters, its query and its body. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const TOOLS: readonly Tool[] = Object.entries(NAMES).map(([name, route]) => {
  const endpoint = endpointOf(route);
  const isReadOnly = endpoint.method === "get" || route.endsWith("/preview");
  return { name, endpoint, isReadOnly, input: inputOf(endpoint) };
});

function endpointOf(route: string): Endpoint {
  const found = ENDPOINTS.find(({ method, path }) => `${method} ${path}` === route);
  if (!found) throw new Error(`a tool names ${route}, which is no endpoint`);
  return found;
}

function inputOf({ params, query, body }: Endpoint): Tool["input"] {
  const parts = [params, query, body].flatMap((part) => (part ? [schemaOf(part)] : []));
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required = [] }) => required),
    additionalProperties: false,
  };
}

function schemaOf(part: z.ZodType) {
  return z.toJSONSchema(part, { io: "input", unrepresentable: "any" });
}

type Input = Readonly<Record<string, unknown>>;

/**
 * Sorts the fields of an input.
 * @throws DagsmithError INVALID_ARGUMENT for a field of the address that is a list or an
 *   object
 */
export function callOf({ endpoint: { params, query } }: Tool, input: Input): Call {
  const body = Object.entries(input).filter(([name]) => !isIn(params, name) && !isIn(query, name));
  return {
    params: inAddress(params, input),
    query: inAddress(query, input),
    body: Object.fromEntries(body),
  };
}

const isIn = (part: Endpoint["query"], name: string): boolean =>
  part !== undefined && Object.hasOwn(part.shape, name);

/** The fields of a part of the address. Models write null for a field that they leave out. */
function inAddress(part: Endpoint["query"], input: Input): Readonly<Record<string, string>> {
  const given = Object.entries(input).filter(
    ([name, value]) => isIn(part, name) && value !== null && value !== undefined,
  );
  return Object.fromEntries(given.map(([name, value]) => [name, textOf(name, value)]));
}

/** Addresses hold texts only; models also write numbers. */
function textOf(argument: string, value: unknown): string {
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  const reason = "it must be a text, a number or a boolean";
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}
