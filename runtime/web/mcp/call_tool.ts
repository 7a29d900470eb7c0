/**
 * One call of a tool: the endpoint behind it, under the permission that the endpoint was
 * registered with, and by the rights of the caller.
 */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import { allows } from "../../access/permissions.ts";
import { answerText } from "../../words/tool_answer.ts";
import { checkAccess } from "../http/access.ts";
import { callerOf, setCaller } from "../http/caller.ts";
import { refusalOf } from "../http/refusal.ts";
import type { WebServices } from "../http/services.ts";
import { type Call, callOf, TOOLS, type Tool } from "./tools.ts";

/** The answer of a tool: a JSON document. */
export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** The tools whose permission the caller has, for some DAG at least. */
export function toolsFor({ actions }: WebServices, request: Request): readonly Tool[] {
  const { rights } = callerOf(request);
  return TOOLS.filter(
    ({ endpoint, isReadOnly }) =>
      allows(rights, endpoint.access.permission, null) && (isReadOnly || actions !== undefined),
  );
}

/** Never throws: an error is an answer too, with its code and its message. */
export async function callTool(
  services: WebServices,
  request: Request,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<ToolAnswer> {
  try {
    const tool = toolOf(name, input);
    const own = requestFor(request, callOf(tool, input));
    await checkAccess(services, tool.endpoint.access, own);
    const answer = await tool.endpoint.run(services, own);
    return { text: answerText(answer), isError: false };
  } catch (error) {
    return refused(services, request, error);
  }
}

function toolOf(name: string, input: Readonly<Record<string, unknown>>): Tool {
  const tool = TOOLS.find((one) => one.name === name);
  if (!tool) throw wrongInput(name, "there is no such tool");
  const known = Object.keys(tool.input.properties);
  const unknown = Object.keys(input).find((field) => !known.includes(field));
  if (unknown === undefined) return tool;
  throw wrongInput(unknown, `it does not exist; allowed: ${known.join(", ") || "none"}`);
}

const wrongInput = (argument: string, reason: string) =>
  new DagsmithError("INVALID_ARGUMENT", { argument, reason });

/** The request of the client, with the address and the body of the endpoint. */
function requestFor(request: Request, { params, query, body }: Call): Request {
  const own: Request = Object.create(request, {
    params: { value: params },
    query: { value: query },
    body: { value: body },
  });
  setCaller(own, callerOf(request));
  return own;
}

function refused(services: WebServices, { method, path }: Request, error: unknown): ToolAnswer {
  const { status, code, message } = refusalOf(error, services.mask);
  if (status >= 500) services.log("request_failed", { error, method, path });
  return { text: JSON.stringify({ error: { code, message } }), isError: true };
}
