// Loaded into Portkey's gateway before its own code (node --require): it listens
// on loopback alone, and every request is for the benchmark's upstream, which
// Portkey is told by headers that the load does not send.
"use strict";

const http = require("node:http");
const net = require("node:net");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const callback = args.find((a) => typeof a === "function");
  const port = typeof args[0] === "object" ? args[0].port : args[0];
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, callback);
};

const headers = ["x-portkey-provider", "openai", "x-portkey-custom-host", process.env.BENCH_UPSTREAM];
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, ...rest) {
  if (event === "request") request.rawHeaders.push(...headers);
  return emit.call(this, event, request, ...rest);
};
