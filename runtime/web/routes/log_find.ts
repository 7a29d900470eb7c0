/** The page that searches the whole log of a try, and shows the lines around one line. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { checked } from "../http/input/check.ts";
import { logFindQuery, logParams } from "../http/input/tasks.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { findInLog, linesAround } from "../read/find_in_log.ts";
import type { LinePlace } from "../read/log_lines.ts";
import { nextError } from "../read/next_error.ts";
import { placeOfLine } from "../read/place_of_line.ts";
import { isTryFinished, type TryId } from "../read/read_log.ts";
import { LogFindPage } from "../views/task/log_find.tsx";
import { sendPage } from "./send_page.ts";

export function logFindRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get(
    "/logs/:instanceId/:tryNumber/find",
    needs("dag.read", "instance"),
    (request, response) => find(services, request, response),
  );
  return routes;
}

async function find(services: WebServices, request: Request, response: Response): Promise<void> {
  const wanted = checked(logParams, request.params);
  const { q, level, from, lines, at, next, line } = checked(logFindQuery, request.query);
  if ((await isTryFinished(services, wanted)) === undefined)
    throw new Refused(404, "There is no such try.");
  const numbered = line === null ? null : await placeOfLine(services, wanted, line);
  if (numbered !== null) return response.redirect(addressOf(wanted, numbered));
  const error = next === null ? null : await nextError(services, wanted, at);
  if (error !== null) return response.redirect(addressOf(wanted, error));
  const search = { text: q, levels: level, from: { seq: from, lines } };
  const found = at === null ? await findInLog(services, wanted, search) : null;
  const around = at === null ? [] : await linesAround(services, wanted, at.seq, at.index);
  await sendPage(services, request, response, {
    title: `Log ${wanted.instanceId}, try ${wanted.tryNumber}`,
    body: h(LogFindPage, { ...wanted, search, found, around, at, isLastError: next !== null }),
  });
}

function addressOf({ instanceId, tryNumber }: TryId, { seq, index }: LinePlace): string {
  return `/logs/${instanceId}/${tryNumber}/find?at=${seq}.${index}#l${seq}.${index}`;
}
