import type { IncomingMessage, ServerResponse } from "node:http";
import { authenticate, impersonated } from "../auth/authenticate.ts";
import { requireImpersonation, requireRight } from "../auth/gate.ts";
import type { User } from "../auth/user.ts";
import { proxyToService } from "../proxy/proxy.ts";
import { methodNotAllowed, noSuchPath, tooManyRequests } from "../status.ts";
import { create } from "../verbs/create.ts";
import { remove } from "../verbs/delete.ts";
import { deleteCollection } from "../verbs/delete-collection.ts";
import { get } from "../verbs/get.ts";
import { list } from "../verbs/list.ts";
import { checkOptions } from "../verbs/options.ts";
import { patch } from "../verbs/patch.ts";
import { review } from "../verbs/review.ts";
import { specialSubresource } from "../verbs/subresources.ts";
import { update } from "../verbs/update.ts";
import { planWatch } from "../verbs/watch.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { send, sendError, sendObject } from "./answer.ts";
import { readBody } from "./body.ts";
import { negotiate } from "./negotiate.ts";
import { plainAnswer } from "./plain-paths.ts";
import { renderList, renderObject } from "./render.ts";
import type { RenderContext } from "./render-context.ts";
import { parsePath, type ResourcePath, resolvePath } from "./route.ts";
import { streamWatch } from "./watch-stream.ts";

/** The server's one entry: authenticate, authorize, route, run the verb, render. */
export function createHandler(world: World): (message: IncomingMessage, response: ServerResponse) => void {
  let inFlight = 0;
  return (message, response) => {
    if (inFlight >= world.limits.requestsInFlight) {
      sendError(response, tooManyRequests());
      return;
    }
    inFlight += 1;
    handle(world, message, response)
      .catch((error: unknown) => sendError(response, error))
      .finally(() => {
        inFlight -= 1;
      });
  };
}

async function handle(world: World, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(message.url ?? "/", "https://sandbox");
  const user = identify(world, message);
  const body = await readBody(message, world.limits.bodyBytes);
  const request: ApiRequest = {
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    contentType: message.headers["content-type"] ?? "",
    userAgent: message.headers["user-agent"] ?? "",
    user,
    body,
    warnings: [],
  };
  const path = parsePath(url.pathname);
  if (path === undefined) {
    handlePlain(world, message, request, response);
    return;
  }
  const verb = verbOf(request, path);
  requireRight(world, user, {
    kind: "resource",
    verb,
    group: path.group,
    resource: path.plural,
    subresource: path.subresource ?? "",
    namespace: path.namespace ?? (path.plural === "namespaces" && path.group === "" ? (path.name ?? "") : ""),
    name: path.name ?? "",
  });
  if (path.subresource === "proxy" && path.plural === "services") {
    await proxyToService(world, path, request, message.headers, response);
    return;
  }
  const target = resolvePath(path, world.registry);
  if (target === undefined) throw noSuchPath();
  handleResource(world, request, target, verb, message, response);
}

function identify(world: World, message: IncomingMessage): User {
  const user = authenticate(message.headers, world);
  const other = impersonated(message.headers);
  if (other === undefined) return user;
  requireImpersonation(world, user, other, message.headers["impersonate-group"] !== undefined);
  return other;
}

function handlePlain(world: World, message: IncomingMessage, request: ApiRequest, response: ServerResponse): void {
  const verb = request.method.toLowerCase();
  requireRight(world, request.user, { kind: "path", verb, path: request.path });
  const answer = plainAnswer(world, request.path, request.query, message.headers.accept ?? "");
  if (answer === undefined) {
    if (/^\/apis?(\/|$)/.test(request.path)) throw noSuchPath();
    send(response, 404, "text/plain; charset=utf-8", "404 page not found\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  send(response, answer.status, answer.contentType, answer.body);
}

/** The verb that rights are about. */
function verbOf({ method, query }: ApiRequest, path: ResourcePath): string {
  const isWatch = query.get("watch") === "true" || query.get("watch") === "1";
  switch (method) {
    case "GET":
    case "HEAD":
      if (path.name === undefined) return isWatch ? "watch" : "list";
      return isWatch ? "watch" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return path.name === undefined ? "deletecollection" : "delete";
    default:
      throw methodNotAllowed();
  }
}

function handleResource(
  world: World,
  request: ApiRequest,
  target: Target,
  verb: string,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  const { type } = target;
  const form = negotiate(message.headers.accept ?? "");
  const context: RenderContext = {
    form,
    type,
    now: world.now(),
    includeObject: request.query.get("includeObject") ?? "",
  };
  checkVerb(target, verb);
  checkOptions(request);
  if (type.strategy.warning !== undefined) request.warnings.push(type.strategy.warning);
  const reply = (status: number, body: unknown) =>
    sendObject(response, status, body, { form, warnings: request.warnings });
  const special = specialSubresource(world, request, target) ?? review(world, request, target);
  if (special !== undefined) {
    reply(special.status, special.object);
    return;
  }
  switch (verb) {
    case "list":
      reply(200, renderList(list(world, request, target), context));
      break;
    case "watch":
      if (world.watchers.count >= world.limits.watchers) throw tooManyRequests();
      streamWatch(world, response, planWatch(world, request, target), context);
      break;
    case "deletecollection":
      reply(200, renderList(deleteCollection(world, request, target), context));
      break;
    case "delete": {
      const answer = remove(world, request, target);
      reply(200, answer.kind === "object" ? renderObject(answer.object, context) : answer.body);
      break;
    }
    default: {
      const answer = changeOrGet(world, request, target, verb);
      reply(answer.status, renderObject(answer.object, context));
    }
  }
}

function changeOrGet(world: World, request: ApiRequest, target: Target, verb: string): ObjectAnswer {
  switch (verb) {
    case "get":
      return get(world, target);
    case "create":
      return create(world, request, target);
    case "update":
      return update(world, request, target);
    case "patch":
      return patch(world, request, target);
    default:
      throw methodNotAllowed();
  }
}

/** @throws StatusError 404 for a subresource that the kind does not have, 405 for a verb that it does not take */
function checkVerb(target: Target, verb: string): void {
  const { type, subresource } = target;
  if (subresource === undefined) {
    if (!type.verbs.includes(verb)) throw methodNotAllowed();
    if (
      (verb === "create" || verb === "list" || verb === "deletecollection") !== (target.name === undefined) &&
      verb !== "watch"
    ) {
      throw methodNotAllowed();
    }
    if (verb === "create" && type.namespaced && target.namespace === undefined) throw methodNotAllowed();
    return;
  }
  const found = type.subresources.get(subresource);
  if (found === undefined) throw noSuchPath();
  if (!found.verbs.includes(verb)) throw methodNotAllowed();
}
