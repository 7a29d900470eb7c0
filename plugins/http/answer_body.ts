/** The body of a good answer, exactly: bytes that are no text are refused, not replaced. */
import type { Json } from "dagsmith";
import { HttpError } from "./error.ts";

/** What the media type says, and what the body must be. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json\b/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

/**
 * The body as a value when its type is JSON (null when empty), else as text.
 * @param request method and path, for the error
 * @throws HttpError for bytes that are not text in the charset of the answer, and for
 *   JSON that is not whole
 */
export async function bodyOf(response: Response, request: string): Promise<Json> {
  const text = await textOf(response, request);
  if (!JSON_TYPE.test(typeOf(response))) return text;
  return text === "" ? null : parsed(text, response, request);
}

/** The body as a value, whatever its type is. @throws HttpError as {@link bodyOf} */
export async function jsonOf(response: Response, request: string): Promise<Json> {
  return parsed(await textOf(response, request), response, request);
}

const typeOf = ({ headers }: Response): string => headers.get("content-type") ?? "";

async function textOf(response: Response, request: string): Promise<string> {
  const charset = CHARSET.exec(typeOf(response))?.[1] ?? "utf-8";
  const bytes = await response.arrayBuffer();
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(response, request, `text in ${charset}`);
  }
}

function parsed(text: string, response: Response, request: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's message would quote the data.
    throw unreadable(response, request, "whole JSON");
  }
}

function unreadable({ status, url }: Response, request: string, what: string): HttpError {
  const { host } = new URL(url);
  return new HttpError(
    `${request} answered ${status} with a body that is not ${what} (${host})`,
    status,
  );
}
