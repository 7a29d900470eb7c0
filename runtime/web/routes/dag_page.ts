/** The parts that the pages of a DAG share: the DAG itself, its head and its tabs. */
import type { Request, Response } from "express";
import { h } from "preact";
import { mayAlso } from "../http/access.ts";
import { formToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { dagParams } from "../http/input/dags.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { type DagDetail, readDag } from "../read/read_dags.ts";
import { DagPage, type DagPageProps, type DagTab } from "../views/dag/dag.tsx";
import { sendPage } from "./send_page.ts";

/** The DAG of an address. @throws DagsmithError UNKNOWN_DAG */
export function dagOf(services: WebServices, request: Request): Promise<DagDetail> {
  return readDag(services, checked(dagParams, request.params).dagId);
}

/** A tab of a DAG's page. */
export interface DagTabContent {
  readonly tab: DagTab;
  /** Title of the page. Default: the id of the DAG. */
  readonly title?: string;
  readonly children: DagPageProps["children"];
}

/**
 * Sends a page of a DAG.
 * @param read creates the tab; called after the fingerprint is taken, so that no change
 *   is missed
 */
export async function sendDag(
  services: WebServices,
  request: Request,
  response: Response,
  read: (dag: DagDetail) => DagTabContent | Promise<DagTabContent>,
): Promise<void> {
  const topic = `dag:${request.params.dagId}`;
  const mark = await markOf(services.reader, topic);
  const dag = await dagOf(services, request);
  const { tab, title = dag.dagId, children } = await read(dag);
  const token = formToken(services, request);
  const seesValues = mayAlso(request, "xcom.read");
  await sendPage(services, request, response, {
    title,
    live: { topic, mark },
    body: h(DagPage, { dag, tab, token, seesValues, children }),
  });
}
