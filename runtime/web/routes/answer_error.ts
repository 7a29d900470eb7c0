/**
 * The last handler: a page for people, or a line of text when they may be many; JSON for
 * programs; and the internals for our log.
 */
import type { ErrorRequestHandler } from "express";
import { refusalOf } from "../http/refusal.ts";
import { Refused } from "../http/refused.ts";
import type { WebServices } from "../http/services.ts";
import { ErrorPage } from "../views/frame/plain.tsx";
import { sendPlain } from "./send_page.ts";

export function answerError(
  services: Pick<WebServices, "log" | "mask" | "assets" | "basePath">,
): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { status, message, code } = refusalOf(error, services.mask);
    if (status >= 500)
      services.log("request_failed", { error, method: request.method, path: request.path });
    if (response.headersSent) return next(error);
    if (status === 503) response.set("Retry-After", "5");
    if (/^\/(?:(?:api|hooks)\/|mcp\/?$)/.test(request.path))
      return void response.status(status).json({ error: { code, message } });
    if (error instanceof Refused && error.isBrief)
      return void response.status(status).type("text/plain").send(`${message}\n`);
    sendPlain(services, response, status, String(status), ErrorPage({ status, message })).catch(
      next,
    );
  };
}
