import { parentPort, workerData } from 'node:worker_threads';
import { type CheckpointData, hostCheckpoints } from '../database/sqlite-checkpoint.ts';

if (!parentPort) throw new Error('checkpoint-worker runs as a worker thread');
hostCheckpoints(parentPort, workerData as CheckpointData);
