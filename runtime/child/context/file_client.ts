/** Files over HTTP, from a task process to its worker: bytes stream both ways. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { ErrorCode } from "../../../sdk/errors.ts";
import type { FileRef } from "../../../sdk/files/task_files.ts";
import type { FileHost } from "./task_files.ts";

/** Where the worker takes the files of one try. */
export interface FileAccess {
  readonly url: string;
  /** Belongs to the try. */
  readonly token: string;
}

/** What the worker answers to a request that failed. */
export interface FileFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
}

/** @param access asks the worker; it is asked with the first file */
export function fileClient(access: () => Promise<FileAccess>): FileHost {
  return {
    putFile: async (file, bytes) => {
      const put = ask(await access(), "PUT", { ...file });
      const sent = pipeline(bytes, put.asked);
      return (await json(await succeeded(await explained(put, sent)))) as FileRef;
    },
    readFile: async (file) => {
      const { asked, answer } = ask(await access(), "GET", refFields(file));
      asked.end();
      return succeeded(await answer);
    },
    deleteFile: async (file) => {
      const { asked, answer } = ask(await access(), "DELETE", refFields(file));
      asked.end();
      (await succeeded(await answer)).resume();
    },
  };
}

/** A request under way. */
interface Asked {
  readonly asked: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
}

function refFields({ name, size, sha256 }: FileRef): Readonly<Record<string, string>> {
  return { name, size: String(size), sha256 };
}

function ask(
  { url, token }: FileAccess,
  method: string,
  fields: Readonly<Record<string, string>>,
): Asked {
  const asked = request(`${url}/?${new URLSearchParams(fields)}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    // A connection that is kept would look like one that the task left open.
    agent: false,
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once("response", resolve);
    asked.once("error", reject);
  });
  return { asked, answer };
}

/**
 * The answer, which may come before all bytes were sent: they are too many. When there is
 * none, the error of the bytes says more than that of the broken connection.
 */
async function explained({ asked, answer }: Asked, sent: Promise<void>): Promise<IncomingMessage> {
  sent.catch(() => undefined);
  const closed = new Promise<undefined>((resolve) => {
    asked.once("close", () => resolve(undefined));
  });
  try {
    return await Promise.race([answer, sent.then(() => answer)]);
  } catch (broken) {
    const late = await Promise.race([answer.catch(() => undefined), closed]);
    if (late) return late;
    await sent;
    throw broken;
  }
}

/** @throws the error that the worker answered */
async function succeeded(answer: IncomingMessage): Promise<IncomingMessage> {
  if (answer.statusCode === 200) return answer;
  const failure = (await json(answer)) as FileFailure;
  answer.destroy();
  throw Object.assign(new Error(failure.message), failure);
}
