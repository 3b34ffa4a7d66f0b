// Pages that an older version published ask for this address.
import "../bookbinder/reader.js";
