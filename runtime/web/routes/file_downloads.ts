/**
 * The files of tasks as they were stored. They stream, so that their size does not
 * matter.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { needs } from "../http/access.ts";
import { checked } from "../http/input/check.ts";
import { fileParams } from "../http/input/tasks.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { openFile } from "../read/read_files.ts";

export function fileDownloadRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get(
    "/files/:instanceId/:object/download",
    needs("xcom.read", "instance"),
    (request, response) => download(services, request, response),
  );
  return routes;
}

async function download(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { instanceId, object } = checked(fileParams, request.params);
  const found = await openFile(services, instanceId, object);
  if (!found) throw new Refused(404, "There is no such file.");
  const { file, bytes } = found;
  // Never shown as a page of ours, whatever type the task gave it.
  response.attachment(file.name).set({
    "Content-Type": "application/octet-stream",
    "Content-Length": String(file.bytes),
    "Cache-Control": "no-store",
  });
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), response);
  } catch (error) {
    // A download that fails must not look complete.
    services.log("download_failed", { error, object });
    response.destroy();
  }
}
