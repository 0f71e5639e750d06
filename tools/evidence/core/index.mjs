import { backup } from './backup.mjs';
import { firstHour } from './first-hour.mjs';
import { fourServers } from './four-servers.mjs';
import { fuzz } from './fuzz.mjs';
import { gates } from './gates.mjs';
import { killNine } from './kill-nine.mjs';
import { powerCut } from './power-cut.mjs';
import { secondOpener } from './second-opener.mjs';
import { stdinClosed } from './stdin-closed.mjs';
import { tenPipes } from './ten-pipes.mjs';

export const checks = [fourServers, tenPipes, killNine, powerCut, stdinClosed, secondOpener, fuzz, gates, firstHour, backup];
