// A plain server, as many projects have one: its port fixed, its key in .env.
const { createServer } = require('node:http');

const hasKey = Boolean(process.env.MAIL_API_KEY) && !process.env.MAIL_API_KEY.startsWith('supervisor://');
createServer((_request, response) => response.end(`notifier, ${hasKey ? 'with' : 'without'} its key\n`)).listen(3000);
