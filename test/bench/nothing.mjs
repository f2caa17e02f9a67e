/** Yardstick: Node.js starts and ends. */
