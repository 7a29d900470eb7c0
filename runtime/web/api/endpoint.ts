/** The shape of an endpoint. */
import type { Request } from "express";
import type { ZodObject, ZodType } from "zod";
import type { Access } from "../http/access.ts";
import type { WebServices } from "../http/services.ts";

/** One endpoint of the API. */
export interface Endpoint {
  readonly method: "get" | "post";
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: ZodObject;
  readonly query?: ZodObject;
  readonly body?: ZodType;
  /** Longest body, such as "32mb". Default: 1mb. */
  readonly limit?: string;
  /** Present: the body is at most this many bytes of any content, in place of JSON. */
  readonly bytes?: number;
  readonly answer: ZodType;
  readonly status?: number;
  readonly run: (services: WebServices, request: Request) => Promise<unknown>;
}
