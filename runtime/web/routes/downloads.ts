/** The whole log of a try as text: read and sent chunk by chunk, so that a gigabyte costs no more memory than a line. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Request, type Response, Router } from "express";
import { chunksAfter, isTryOver } from "../../store/reads/log.ts";
import { Refused } from "../http/gate.ts";
import { logParams } from "../http/input.ts";
import { checked } from "../http/respond.ts";
import type { WebServices } from "../http/services.ts";
import { wholeLines } from "../live/log_window.ts";

export function downloadRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/logs/:instanceId/:tryNumber/download", (request, response) =>
    download(services, request, response),
  );
  return router;
}

async function download(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { instanceId, tryNumber } = checked(logParams, request.params);
  if ((await isTryOver(services.reader, instanceId, tryNumber)) === undefined)
    throw new Refused(404, "There is no such try.");
  response.set({
    "Content-Disposition": `attachment; filename="log-${instanceId}-${tryNumber}.txt"`,
    "Cache-Control": "no-store",
  });
  response.type("text/plain");
  try {
    await pipeline(Readable.from(textOf(services, instanceId, tryNumber)), response);
  } catch (error) {
    // Cut off in the middle, the download must not look complete: the connection breaks instead of ending.
    services.log.warn({ err: error, instanceId, tryNumber }, "a log download broke off");
    response.destroy();
  }
}

async function* textOf(
  services: WebServices,
  instanceId: number,
  tryNumber: number,
): AsyncGenerator<string> {
  for (let seq = -1; ; ) {
    const chunks = await chunksAfter(services.reader, instanceId, tryNumber, seq);
    if (chunks.length === 0) return;
    for (const chunk of chunks) {
      seq = chunk.seq;
      yield wholeLines(chunk.lines, services.mask)
        .map(({ time, level, text }) => `${time} ${level.padEnd(5)} ${text}\n`)
        .join("");
    }
  }
}
