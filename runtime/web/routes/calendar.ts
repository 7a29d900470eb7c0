/** The calendar of all DAGs. The calendar of one DAG is a tab of its page. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs, visibleTags } from "../http/access.ts";
import { calendarQuery } from "../http/input/calendar.ts";
import { checked } from "../http/input/check.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readCalendar } from "../read/read_calendar.ts";
import { CalendarPage } from "../views/calendar/calendar.tsx";
import { sendPage } from "./send_page.ts";

export function calendarRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/calendar", needs("dag.read", "listed"), (request, response) =>
    calendar(services, request, response),
  );
  return routes;
}

async function calendar(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { day } = checked(calendarQuery, request.query);
  const view = await readCalendar(services, { day, dagId: null, visible: visibleTags(request) });
  const body = h(CalendarPage, { ...view, path: "/calendar" });
  await sendPage(services, request, response, { title: "Calendar", body });
}
