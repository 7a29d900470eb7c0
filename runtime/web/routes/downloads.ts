/**
 * The whole log of a try as text. It is read and sent part by part, so that a gigabyte
 * needs no more memory than a few lines.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { needs } from "../http/access.ts";
import { checked } from "../http/input/check.ts";
import { logParams } from "../http/input/tasks.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { wholeLogLines } from "../read/log_lines.ts";
import { isTryFinished, readLogParts, type TryId } from "../read/read_log.ts";

export function downloadRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get(
    "/logs/:instanceId/:tryNumber/download",
    needs("dag.read", "instance"),
    (request, response) => download(services, request, response),
  );
  return routes;
}

async function download(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const wanted = checked(logParams, request.params);
  const { instanceId, tryNumber } = wanted;
  if ((await isTryFinished(services, wanted)) === undefined)
    throw new Refused(404, "There is no such try.");
  response.set({
    "Content-Disposition": `attachment; filename="log-${instanceId}-${tryNumber}.txt"`,
    "Cache-Control": "no-store",
  });
  response.type("text/plain");
  try {
    await pipeline(Readable.from(textOf(services, wanted)), response);
  } catch (error) {
    // A download that fails must not look complete: the connection breaks instead of
    // ending.
    services.log("download_failed", { error, object: "log", instanceId, try: tryNumber });
    response.destroy();
  }
}

async function* textOf(services: WebServices, wanted: TryId): AsyncGenerator<string> {
  for (let after = -1; ; ) {
    const parts = await readLogParts(services, wanted, after, wholeLogLines);
    if (parts.length === 0) return;
    for (const { seq, lines } of parts) {
      after = seq;
      yield lines.map(({ time, level, text }) => `${time} ${level.padEnd(5)} ${text}\n`).join("");
    }
  }
}
