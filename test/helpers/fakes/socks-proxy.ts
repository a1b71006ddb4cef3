import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface SocksProxy {
  readonly port: number;
  /** `host:port` of what was asked for; names are not looked up by who asks. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A SOCKS 5 proxy on loopback (RFC 1928, 1929) that leads everything to one port of this machine. */
export async function startSocksProxy(port: number, login?: string): Promise<SocksProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const track = (socket: Socket) => {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    };
    track(client);
    let step = "hello";
    client.on("data", (data) => {
      if (step === "hello") {
        step = login === undefined ? "request" : "login";
        client.write(Buffer.from([5, login === undefined ? 0 : 2]));
      } else if (step === "login") {
        const user = data.subarray(2, 2 + (data[1] ?? 0));
        const given = `${user}:${data.subarray(3 + user.length)}`;
        step = "request";
        client.write(Buffer.from([1, given === login ? 0 : 1]));
        if (given !== login) client.end();
      } else if (step === "request") {
        step = "tunnel";
        const host = data.subarray(5, 5 + (data[4] ?? 0)).toString();
        asked.push(`${data[3] === 3 ? host : "an address"}:${data.readUInt16BE(data.length - 2)}`);
        client.removeAllListeners("data").pause();
        const target = connect(port, "127.0.0.1", () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          target.pipe(client).pipe(target);
        });
        track(target);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
