/** The classic script: `<script src="…/global.js"></script>` defines `partwise`. */
import { Upload, UploadError, Uploader, createUploader, hashFile, init } from './index.js';

Object.assign(globalThis, { partwise: { createUploader, hashFile, init, Uploader, Upload, UploadError } });
