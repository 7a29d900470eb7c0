/** The visit by a link that works once: the user sets a password and is logged in. */
import type { Request, Response } from "express";
import { h } from "preact";
import { DagsmithError, isDagsmithError } from "../../../sdk/errors.ts";
import { needActions } from "../http/authorize.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import type { GuessLimit } from "../login/guess_limit.ts";
import { type LinkOwner, linkOwner } from "../login/link_owner.ts";
import { logIn } from "../login/open_session.ts";
import { auditRefusal } from "../login/refused.ts";
import { WelcomePage } from "../views/frame/login.tsx";
import { readForm } from "./form.ts";
import { sendPlain } from "./send_page.ts";

export function welcomeRoutes(services: WebServices, guesses: GuessLimit): Routes {
  const routes = new Routes(services);
  routes.get("/welcome", "public", async (request, response) => {
    const code = String(request.query.code ?? "");
    const owner = await needOwner(services, guesses, request, response, code);
    await sendWelcome(services, response, 200, code, owner, null);
  });
  routes.post("/welcome", "public", readForm, (request, response) =>
    accept(services, guesses, request, response),
  );
  return routes;
}

async function accept(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
): Promise<void> {
  const sent = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const [code, password, again] = ["code", "password", "again"].map((key) =>
    String(sent[key] ?? ""),
  ) as [string, string, string];
  const owner = await needOwner(services, guesses, request, response, code);
  const refuse = (error: string): Promise<void> =>
    sendWelcome(services, response, 422, code, owner, error);
  if (password !== again) return refuse("The two passwords are not the same.");
  const name = owner.name ?? String(sent.name ?? "").trim();
  const address = request.ip ?? "unknown";
  try {
    const accepted = { secret: code, name, password, address };
    const id = await needActions(services).acceptLink(services.db, accepted);
    await logIn(services, request, response, { id, name });
    response.redirect(303, "/");
  } catch (error) {
    if (!isDagsmithError(error) || error.code === "LINK_USED") throw error;
    await refuse(error.message);
  }
}

/** A wrong code counts as a wrong guess of a token. @throws DagsmithError LINK_USED */
async function needOwner(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
  code: string,
): Promise<LinkOwner> {
  const owner = await linkOwner(services, code);
  if (owner) return owner;
  await guesses.wrongToken(request, response);
  await auditRefusal(services, request, { action: "refuse link", user: null });
  throw new DagsmithError("LINK_USED", {});
}

function sendWelcome(
  services: WebServices,
  response: Response,
  status: number,
  code: string,
  { name }: LinkOwner,
  error: string | null,
): Promise<void> {
  const body = h(WelcomePage, { code, name, error });
  return sendPlain(services, response, status, "Welcome", body);
}
