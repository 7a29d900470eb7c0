/** The thread that lays out a graph: it gets one graph, returns one layout, and ends. */
import { parentPort, workerData } from "node:worker_threads";
import type { GraphRequest } from "./graph_layout.ts";
import { placeGraph } from "./layout_graph.ts";

parentPort?.postMessage(placeGraph(workerData as GraphRequest));
