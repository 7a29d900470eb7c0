/** The live stream of a page: one event for each change of its topic. */
import type { Request, Response } from "express";
import { needs } from "../http/access.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { sessionOf } from "../http/sessions.ts";
import { type OpenStreams, openStream, sendEvent } from "../live/event_stream.ts";
import { parseTopic } from "../live/topics.ts";

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
  if (!topic) throw new Refused(400, "topic: is home, dag:<id>, run:<id> or task:<run>:<task>");
  const known = request.get("Last-Event-ID") ?? (typeof since === "string" ? since : "");
  openStream(streams, response, sessionHasEnded(services, request));
  const stop = services.watchers.watch(topic, known, (mark) =>
    sendEvent(response, "changed", mark, { topic: text }),
  );
  response.on("close", stop);
}

/** Whether the session that opened the stream has ended since. */
export function sessionHasEnded({ sessions }: WebServices, request: Request): () => boolean {
  const session = sessionOf(request.headers.cookie);
  return () => session !== undefined && sessions.areRequired && !sessions.isValid(session);
}
