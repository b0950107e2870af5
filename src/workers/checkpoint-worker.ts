import { parentPort, workerData } from 'node:worker_threads';
import { type CheckpointData, hostCheckpoints } from '../database/sqlite-checkpoint.ts';
import { lowerThreadPriority } from '../database/thread-priority.ts';

if (!parentPort) throw new Error('checkpoint-worker runs as a worker thread');
lowerThreadPriority();
hostCheckpoints(parentPort, workerData as CheckpointData);
