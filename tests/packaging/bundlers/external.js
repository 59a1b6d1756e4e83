import { createUploader } from 'partwise/external';
import { upload } from './upload.js';

globalThis.uploaded = upload(createUploader);
