/** The API's endpoints for the note and the labels of a run. */

import type { Request } from "express";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { labelsBody, noteBody, runParams } from "../http/input/runs.ts";
import type { WebServices } from "../http/services.ts";
import { isShownAs } from "../read/mask.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";

export const NOTE_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "post",
    path: "/runs/{id}/note",
    access: needs("dag.operate", "run"),
    summary: "Write a note on a run; an empty note removes it",
    params: runParams,
    body: noteBody,
    answer: done,
    run: note,
  },
  {
    method: "post",
    path: "/runs/{id}/labels",
    access: needs("dag.operate", "run"),
    summary: "Set or remove labels of a run",
    params: runParams,
    body: labelsBody,
    answer: done,
    run: label,
  },
];

async function note(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(runParams, request.params);
  const { note: text, noteWas } = checked(noteBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  await actions.noteRun(services.db, {
    ...{ id, note: text, actor: actorOf(request) },
    ...(noteWas !== undefined && { isAsRead: isShownAs(services.mask, noteWas) }),
  });
  return { done: true };
}

async function label(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(runParams, request.params);
  const body = checked(labelsBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  await actions.labelRun(services.db, { id, ...body, actor: actorOf(request) });
  return { done: true };
}
