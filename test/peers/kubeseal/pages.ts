import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

/** A web server, also usable as a proxy, that has a certificate and every way not to give it. */
export async function startPages(certificate: string): Promise<Pages> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const moved: Record<string, string> = { "/moved": "/cert.pem", "/moved-twice": "/moved", "/loop": "/loop" };
    const failing: Record<string, [number, string]> = {
      "/missing": [404, "not here"],
      "/broken": [500, ""],
      "/forbidden": [403, "no"],
      "/teapot": [418, ""],
      "/created": [201, certificate],
      "/no-content": [204, ""],
      "/nowhere-to-go": [302, ""],
      "/empty": [200, ""],
      "/html": [200, "<html>hello</html>"],
    };
    const location = moved[pathname];
    const [status, body] = failing[pathname] ?? [200, certificate];
    if (location === undefined) response.writeHead(status).end(body);
    else response.writeHead(302, { Location: location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
