/** Runs one request in a process that loads connection types, and ends the process. */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { LineReader } from "../child/line_reader.ts";
import type { TypesAnswer, TypesRequest } from "../child/types_request.ts";
import { killGroup, type ProcessOptions, startPluginProcess } from "./plugin_process.ts";
import { parseAnswer } from "./types_answer.ts";

/** The time that Node may take to start and to load types, on a busy machine. */
const BOOT_LIMIT_MS = 60_000;
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** @throws DagsmithError CONNECTION_TYPES_FAILED when the process gives no answer */
export async function askTypes(
  request: TypesRequest,
  options: ProcessOptions,
): Promise<TypesAnswer> {
  const child = startPluginProcess("connection_types", request.projectFolder, options);
  const kill = (): void => killGroup(child);
  process.once("exit", kill);
  const timer = setTimeout(kill, BOOT_LIMIT_MS + request.timeLimitMs);
  try {
    return await answerOf(child, request);
  } finally {
    clearTimeout(timer);
    process.removeListener("exit", kill);
    kill();
  }
}

function answerOf(child: ChildProcess, request: TypesRequest): Promise<TypesAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TypesAnswer>();
  const refuse = (reason: string): void =>
    reject(new DagsmithError("CONNECTION_TYPES_FAILED", { reason }));
  const reader = new LineReader((line) => resolve(parseAnswer(line)), LONGEST_ANSWER);
  const channel = child.stdio[3] as Duplex;
  channel.on("error", () => undefined);
  channel.on("data", (chunk: Uint8Array) => {
    try {
      reader.push(chunk);
    } catch (error) {
      refuse(errorMessage(error));
    }
  });
  child.once("error", (error) => refuse(error.message));
  child.once("close", (code, signal) => refuse(`the process ended with ${signal ?? code}`));
  channel.write(`${JSON.stringify(request)}\n`);
  return promise;
}
