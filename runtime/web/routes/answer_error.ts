/**
 * The last handler: a page for people, or a line of text when they may be many; JSON for
 * programs; and the internals for our log.
 */
import type { ErrorRequestHandler } from "express";
import { hasCaller } from "../http/caller.ts";
import { refusalOf } from "../http/refusal.ts";
import { Refused } from "../http/refused.ts";
import type { WebServices } from "../http/services.ts";
import { ErrorPage } from "../views/frame/plain.tsx";
import { sendPage, sendPlain } from "./send_page.ts";

export function answerError(services: WebServices): ErrorRequestHandler {
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
    const page = { title: String(status), body: ErrorPage({ status, message }) };
    const plain = () => sendPlain(services, response, status, page.title, page.body);
    // Who has logged in goes on from here by the navigation, which reads the database.
    const sent =
      status < 500 && hasCaller(request)
        ? sendPage(services, request, response.status(status), page).catch(plain)
        : plain();
    sent.catch(next);
  };
}
