"""Released figures by mail: what a report says, its PDF and workbook, and handing it over."""
