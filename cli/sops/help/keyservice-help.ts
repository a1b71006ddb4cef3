export const KEYSERVICE_HELP = `Let others encrypt and decrypt with the keys of this machine, until it is interrupted.

Usage: sealkit sops keyservice [flags]

Examples:
  # For one's own programs, with one's keys in one place
  sealkit sops keyservice --network unix --address ~/.sops.sock --prompt

  # A program without any key of its own
  sealkit sops decrypt --enable-local-keyservice=false --keyservice unix:///home/me/.sops.sock values.yaml

There is no encryption and no password on the way: over TCP whoever reaches the port can decrypt. A socket is for its owner alone.

Flags:
      --network, --net NET   tcp or unix (default tcp)
      --address, --addr A    host:port, or the path of the socket (default 127.0.0.1:5000)
      --prompt               Ask before every request
      --verbose              Tell of every request
      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;
