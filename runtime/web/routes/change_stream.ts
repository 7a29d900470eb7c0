/** The live stream of a page: one event for each change of its topic. */
import type { Request, Response } from "express";
import { needs } from "../http/access.ts";
import { callerOf } from "../http/caller.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { MOST_STREAMS, type OpenStreams, openStream, sendEvent } from "../live/event_stream.ts";
import { parseTopic } from "../live/topics.ts";
import { hasLostAccess } from "../login/credentials.ts";

export function changeStreamRoutes(services: WebServices, streams: OpenStreams): Routes {
  const routes = new Routes(services);
  routes.get("/events", needs("dag.read", "topic"), (request, response) =>
    changes(services, streams, request, response),
  );
  return routes;
}

function changes(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): void {
  const { topic: text, since } = request.query;
  const topic = typeof text === "string" ? parseTopic(text) : undefined;
  if (!topic)
    throw new Refused(400, "topic: is home, inbox, dag:<id>, run:<id> or task:<run>:<task>");
  const known = request.get("Last-Event-ID") ?? (typeof since === "string" ? since : "");
  follow(services, streams, request, response);
  const stop = services.watchers.watch(topic, known, (mark) =>
    sendEvent(response, "changed", mark, { topic: text }),
  );
  response.on("close", stop);
}

/** Opens a stream for the caller. @throws Refused 429 when the caller has too many */
export function follow(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): void {
  const { user } = callerOf(request);
  const client = user?.name ?? "DAG_WEB_TOKEN";
  if (!openStream(streams, response, client, hasLostAccess(services, request)))
    throw new Refused(429, `You have ${MOST_STREAMS} live pages open already. Close some.`);
}
