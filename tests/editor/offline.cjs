// Loaded before the language server: whoever wants to leave this machine gets an error, and the tests see it.
"use strict";
const net = require("net");
const dns = require("dns");

const refuse = () => {
  throw new Error("a test of the editor tried to reach the network");
};
net.Socket.prototype.connect = refuse;
dns.lookup = refuse;
