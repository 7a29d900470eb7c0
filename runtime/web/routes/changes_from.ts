/** Changes from the forms of a page that lists what it changes. */
import type { Request, Response } from "express";
import { actionsOfForm, actorOf } from "../http/authorize.ts";
import type { WebServices } from "../http/services.ts";
import { shownError } from "./form.ts";

/** Sends the page; with the error of a change that was refused. */
type ShowPage = (
  services: WebServices,
  request: Request,
  response: Response,
  error: string | undefined,
) => Promise<void>;

type Act = (actions: ReturnType<typeof actionsOfForm>, actor: string) => Promise<void>;

/** Makes the handler of a change: the page again, or the page with what is wrong. */
export function changesFrom(services: WebServices, path: string, show: ShowPage) {
  return async (request: Request, response: Response, act: Act): Promise<void> => {
    const actions = actionsOfForm(services, request);
    try {
      await act(actions, actorOf(request));
      response.redirect(303, path);
    } catch (error) {
      await show(services, request, response, shownError(services, error, []));
    }
  };
}
