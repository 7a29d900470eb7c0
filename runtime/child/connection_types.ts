/**
 * The process that loads connection types, also those of users' packages. It answers one
 * request: describes the types, or checks or tests a connection.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Connection } from "../../sdk/connection.ts";
import type { ConnectionType } from "../../sdk/connection_type.ts";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { listen, send as sendMessage } from "./channel.ts";
import { keepCompiledModules } from "./compile_cache.ts";
import { dieWithParent } from "./orphanhood.ts";
import { resolveBundle } from "./resolve.ts";
import { BUILT_IN, type TypesAnswer, type TypesRequest } from "./types_request.ts";

const LONGEST_LINE = 500;

const send = (answer: TypesAnswer): void => sendMessage(answer);

dieWithParent();
process.on("uncaughtException", (error) => fail(error));
process.on("unhandledRejection", (reason) => fail(reason));
listen((request) => void answer(request as TypesRequest).catch(fail));

function fail(reason: unknown): void {
  send({ type: "tried", ok: false, line: lineOf(reason) });
}

async function answer(request: TypesRequest): Promise<void> {
  const { types, problems } = await loadTypes(request);
  keepCompiledModules();
  if (request.connection === null) return send(describe(types, problems));
  const { connection } = request;
  const found = types.find(({ type }) => type.ids.includes(connection.type));
  if (!found) return send({ type: "unknown", known: types.flatMap(({ type }) => type.ids) });
  send({ type: "tried", ...(await attempt(request, found.type, connection)) });
}

interface Loaded {
  readonly type: ConnectionType;
  readonly package: string | null;
}

async function loadTypes({ packages, projectFolder }: TypesRequest) {
  const types: Loaded[] = [];
  const problems: string[] = [];
  for (const name of BUILT_IN)
    for (const type of await typesOf(`dagsmith/plugins/${name}`, projectFolder))
      types.push({ type, package: null });
  for (const name of packages) {
    try {
      for (const type of await typesOf(name, projectFolder)) types.push({ type, package: name });
    } catch (error) {
      problems.push(`${name}: ${lineOf(error)}`);
    }
  }
  return { types, problems };
}

/** The types that a package exports, looked up as a DAG file of the project would. */
async function typesOf(name: string, projectFolder: string): Promise<readonly ConnectionType[]> {
  const path = join(projectFolder, `connection types of ${name.replaceAll("/", " ")}.mjs`);
  resolveBundle(path, { projectFolder, code: `export * from ${JSON.stringify(name)};` });
  const module = (await import(pathToFileURL(path).href)) as {
    readonly connectionTypes?: readonly ConnectionType[];
  };
  const { connectionTypes } = module;
  if (!Array.isArray(connectionTypes) || !connectionTypes.every(isType))
    throw new Error("it exports no list connectionTypes of what connectionType() returns");
  return connectionTypes;
}

function isType(value: unknown): value is ConnectionType {
  const { ids, read, test } = (value ?? {}) as Partial<ConnectionType>;
  return Array.isArray(ids) && typeof read === "function" && typeof test === "function";
}

function describe(types: readonly Loaded[], problems: readonly string[]): TypesAnswer {
  const described = types.map(({ type, package: name }) => ({
    ...{ ids: type.ids, title: type.title, description: type.description ?? "" },
    ...{ example: type.example, schema: type.jsonSchema(), package: name },
  }));
  return { type: "described", types: described, problems };
}

async function attempt(
  { ask, timeLimitMs }: TypesRequest,
  type: ConnectionType,
  connection: Connection,
): Promise<{ readonly ok: boolean; readonly line: string }> {
  try {
    type.read(connection);
    if (ask === "check") return { ok: true, line: "" };
    return { ok: true, line: lineOf(await within(timeLimitMs, type, connection)) };
  } catch (error) {
    return { ok: false, line: lineOf(error) };
  }
}

async function within(timeLimitMs: number, type: ConnectionType, connection: Connection) {
  const signal = AbortSignal.timeout(timeLimitMs);
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () =>
    late.reject(new Error(`no answer within ${timeLimitMs / 1_000} s`)),
  );
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  return Promise.race([type.test(connection, { signal, log }), late.promise]);
}

/** One line, of an answer or of an error. */
function lineOf(value: unknown): string {
  const isInvalid = value instanceof DagsmithError && value.code === "INVALID_CONNECTION";
  const text = typeof value === "string" ? value : errorMessage(value);
  // The advice to write a URI is for a task; people who set fields have a form.
  const plain = isInvalid ? text.replace(/ Write a JSON object with [\s\S]*$/, "") : text;
  return plain.replace(/\s+/g, " ").trim().slice(0, LONGEST_LINE);
}
