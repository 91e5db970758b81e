"""The book itself: chart, dimensions, fiscal years, vouchers in gapless series; never why anything is posted."""
