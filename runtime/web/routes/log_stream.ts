/** The live stream of a log: the lines of one try as they are stored. */
import type { Request, Response } from "express";
import { needs } from "../http/access.ts";
import { checked } from "../http/input/check.ts";
import { logParams, logQuery } from "../http/input/tasks.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { drained, type OpenStreams, sendEvent } from "../live/event_stream.ts";
import { styledLines } from "../read/log_lines.ts";
import { isTryFinished, readLogParts, type TryId } from "../read/read_log.ts";
import { follow } from "./change_stream.ts";

export function logStreamRoutes(services: WebServices, streams: OpenStreams): Routes {
  const routes = new Routes(services);
  routes.get(
    "/logs/:instanceId/:tryNumber/stream",
    needs("dag.read", "instance"),
    (request, response) => logStream(services, streams, request, response),
  );
  return routes;
}

async function logStream(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): Promise<void> {
  const followed = checked(logParams, request.params);
  const { after = -1 } = checked(logQuery, {
    after: request.get("Last-Event-ID") ?? request.query.after,
  });
  if ((await isTryFinished(services, followed)) === undefined)
    throw new Refused(404, "There is no such try.");
  follow(services, streams, request, response);
  const tail = new LogTail(services, response, followed, after);
  // forward() never rejects: when the database is away it ends the response.
  const stop = services.watchers.watch({ kind: "log", ...followed }, "", () => void tail.forward());
  response.on("close", stop);
  await tail.forward();
}

/**
 * Sends the parts of one log as they are stored. Ends only when the try is over and all
 * parts were sent.
 */
class LogTail {
  readonly #services: WebServices;
  readonly #response: Response;
  readonly #followed: TryId;
  #sent: number;
  #isForwarding = false;
  #hasNews = false;

  constructor(services: WebServices, response: Response, followed: TryId, after: number) {
    this.#services = services;
    this.#response = response;
    this.#followed = followed;
    this.#sent = after;
  }

  /**
   * One pass at a time, otherwise parts would be sent twice. A call during a pass causes
   * one more pass.
   */
  async forward(): Promise<void> {
    this.#hasNews = true;
    if (this.#isForwarding) return;
    this.#isForwarding = true;
    try {
      while (this.#hasNews && !this.#response.writableEnded) {
        this.#hasNews = false;
        await this.#sendNew();
      }
    } catch {
      // The database is away: the client reconnects from the last part that it has.
      this.#response.end();
    } finally {
      this.#isForwarding = false;
    }
  }

  /**
   * Reads first whether the try is over: parts are stored before a try ends, so that all
   * of them are read then.
   */
  async #sendNew(): Promise<void> {
    const isFinished = await isTryFinished(this.#services, this.#followed);
    for (;;) {
      const parts = await readLogParts(this.#services, this.#followed, this.#sent, styledLines);
      if (parts.length === 0 || this.#response.destroyed) break;
      for (const { seq, lines } of parts) {
        sendEvent(this.#response, "lines", String(seq), lines);
        this.#sent = seq;
      }
      await drained(this.#response);
    }
    if (isFinished === false) return;
    sendEvent(this.#response, "end", String(this.#sent), {});
    this.#response.end();
  }
}
